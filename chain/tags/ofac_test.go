package tags

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

const sdnXML = `<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="https://lists.example/sdn">
  <publshInformation><Publish_Date>02/03/2024</Publish_Date><Record_Count>2</Record_Count></publshInformation>
  <sdnEntry><uid>1</uid><firstName>Demo</firstName><lastName>PERSON</lastName><sdnType>Individual</sdnType>
    <idList>
      <id><uid>10</uid><idType>Passport</idType><idNumber>N123</idNumber></id>
      <id><uid>11</uid><idType>Digital Currency Address - XBT</idType><idNumber>1BoatSLRHtKNngkdXEeobR76b53LETtpyT</idNumber></id>
      <id><uid>12</uid><idType>Digital Currency Address - ETH</idType><idNumber>0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed</idNumber></id>
    </idList>
  </sdnEntry>
  <sdnEntry><uid>2</uid><lastName>NOBODY</lastName></sdnEntry>
</sdnList>`

const advancedXML = `<?xml version="1.0" encoding="utf-8"?>
<Sanctions xmlns="https://lists.example/advanced">
  <DateOfIssue CalendarTypeID="1"><Year>2024</Year><Month>2</Month><Day>3</Day></DateOfIssue>
  <ReferenceValueSets><FeatureTypeValues>
    <FeatureType ID="8" FeatureTypeGroupID="1">Birthdate</FeatureType>
    <FeatureType ID="344" FeatureTypeGroupID="1">Digital Currency Address - XBT</FeatureType>
  </FeatureTypeValues></ReferenceValueSets>
  <DistinctParties>
    <DistinctParty FixedRef="1"><Comment/>
      <Profile ID="1" PartySubTypeID="4">
        <Identity ID="1" FixedRef="1" Primary="true" False="false">
          <Alias FixedRef="1" AliasTypeID="1400" Primary="false" LowQuality="false"><DocumentedName><DocumentedNamePart><NamePartValue>Other</NamePartValue></DocumentedNamePart></DocumentedName></Alias>
          <Alias FixedRef="1" AliasTypeID="1403" Primary="true" LowQuality="false"><DocumentedName ID="1">
            <DocumentedNamePart><NamePartValue NamePartGroupID="1">PERSON</NamePartValue></DocumentedNamePart>
            <DocumentedNamePart><NamePartValue NamePartGroupID="2">Demo</NamePartValue></DocumentedNamePart>
          </DocumentedName></Alias>
        </Identity>
        <Feature ID="1" FeatureTypeID="8"><FeatureVersion ID="1"><VersionDetail DetailTypeID="1432">1980</VersionDetail></FeatureVersion></Feature>
        <Feature ID="2" FeatureTypeID="344"><FeatureVersion ReliabilityID="1" ID="2"><VersionDetail DetailTypeID="1432">1BoatSLRHtKNngkdXEeobR76b53LETtpyT</VersionDetail></FeatureVersion></Feature>
      </Profile>
    </DistinctParty>
  </DistinctParties>
</Sanctions>`

func TestListXML(t *testing.T) {
	l := List{Name: "Demo list", Source: "https://lists.example"}
	for _, c := range []struct {
		text string
		want string
	}{
		{sdnXML, "[bitcoin BTC 1BoatSLRHtKNngkdXEeobR76b53LETtpyT 2024-02-03 Demo list: Demo PERSON] [ethereum ETH 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed 2024-02-03 Demo list: Demo PERSON]"},
		{"\ufeff" + advancedXML, "[bitcoin BTC 1BoatSLRHtKNngkdXEeobR76b53LETtpyT 2024-02-03 Demo list: PERSON Demo]"},
	} {
		found, doubts, err := ReadList(strings.NewReader(c.text), l)
		if err != nil || len(doubts) > 0 {
			t.Fatal(err, doubts)
		}
		var got []string
		for _, x := range found {
			got = append(got, fmt.Sprint([]string{x.Chain, x.Asset, x.Address, x.Date, x.Label}))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s\nwant %s", s, c.want)
		}
	}
	l.Date = "2024-01-01"
	if _, doubts, err := ReadList(strings.NewReader(sdnXML), l); err != nil || len(doubts) != 1 || !strings.Contains(doubts[0].What, "2024-02-03") {
		t.Errorf("another date: %v %v", doubts, err)
	}
	l.Date = ""
	for name, c := range map[string][2]string{
		"no date":  {strings.Replace(sdnXML, "02/03/2024", "", 1), "has a date"},
		"torn":     {sdnXML[:len(sdnXML)-30], "line "},
		"another":  {"<html><body>1BoatSLRHtKNngkdXEeobR76b53LETtpyT</body></html>", "neither of the forms"},
		"empty":    {`<sdnList><Publish_Date>1/2/2024</Publish_Date></sdnList>`, "no address"},
		"entities": {`<!DOCTYPE x [<!ENTITY a "aaaa">]><sdnList><sdnEntry><lastName>&a;</lastName></sdnEntry></sdnList>`, "entity"},
		"deep":     {"<sdnList><sdnEntry>" + strings.Repeat("<a>", 1<<16), "line "},
	} {
		if _, _, err := ReadList(strings.NewReader(c[0]), l); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

// TestListXMLMayBeLarge: what stands between the entries is not kept, so the limit
// of other files does not hold.
func TestListXMLMayBeLarge(t *testing.T) {
	comment := "<!--" + strings.Repeat("x", 1<<20) + "-->"
	parts := []io.Reader{strings.NewReader("<sdnList>")}
	for range maxFile/len(comment) + 1 {
		parts = append(parts, strings.NewReader(comment))
	}
	parts = append(parts, strings.NewReader(sdnXML[strings.Index(sdnXML, "<publsh"):]))
	found, _, err := ReadList(io.MultiReader(parts...), List{Name: "l", Source: "s"})
	if err != nil || len(found) != 2 {
		t.Error(len(found), err)
	}
}
