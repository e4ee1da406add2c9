package tags

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxXML bounds a list in XML, in bytes: OFAC's advanced form has over 100 MB.
const maxXML = 1 << 30

// digitalType is how OFAC's files in XML name an address: the type of an
// identity (SDN.XML) or of a feature (SDN_ADVANCED.XML), with the asset behind it.
const digitalType = "Digital Currency Address"

// assetOfType is the asset of a type, "" where it is no address.
func assetOfType(s string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), digitalType)
	if !ok {
		return ""
	}
	return strings.TrimSpace(strings.TrimLeft(rest, " -"))
}

// sdnEntry is an entry of SDN.XML and CONSOLIDATED.XML.
type sdnEntry struct {
	First string `xml:"firstName"`
	Last  string `xml:"lastName"`
	IDs   []struct {
		Type   string `xml:"idType"`
		Number string `xml:"idNumber"`
	} `xml:"idList>id"`
}

// party is a DistinctParty of SDN_ADVANCED.XML.
type party struct {
	Profiles []struct {
		Aliases []struct {
			Primary bool `xml:"Primary,attr"`
			Names   []struct {
				Parts []string `xml:"DocumentedNamePart>NamePartValue"`
			} `xml:"DocumentedName"`
		} `xml:"Identity>Alias"`
		Features []struct {
			Type     string `xml:"FeatureTypeID,attr"`
			Versions []struct {
				Details []string `xml:"VersionDetail"`
			} `xml:"FeatureVersion"`
		} `xml:"Feature"`
	} `xml:"Profile"`
}

// name is the primary name of a party.
func (p *party) name() string {
	for _, prof := range p.Profiles {
		for _, a := range prof.Aliases {
			if a.Primary && len(a.Names) > 0 {
				return strings.Join(a.Names[0].Parts, " ")
			}
		}
	}
	return ""
}

// xmlRows reads OFAC's lists in XML, the plain and the advanced form, an entry at a
// time: memory does not grow with the file. day is the date that the list names,
// "" where it names none.
func (r *report) xmlRows(in io.Reader) (out []sanctioned, day string) {
	d := xml.NewDecoder(io.LimitReader(in, maxXML))
	types := map[string]string{} // asset by FeatureTypeID
	known := false
	for len(r.errs) < maxProblems {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := d.InputPos()
		if err != nil {
			r.fail(line, "%v", err)
			return nil, ""
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "sdnList", "Sanctions":
			known = true
		case "Publish_Date": // MM/DD/YYYY
			var s string
			if err = d.DecodeElement(&s, &e); err == nil {
				var m, dd, y int
				if n, _ := fmt.Sscanf(strings.TrimSpace(s), "%d/%d/%d", &m, &dd, &y); n == 3 {
					day = fmt.Sprintf("%04d-%02d-%02d", y, m, dd)
				}
			}
		case "DateOfIssue":
			var v struct{ Year, Month, Day int }
			if err = d.DecodeElement(&v, &e); err == nil && v.Year > 0 {
				day = fmt.Sprintf("%04d-%02d-%02d", v.Year, v.Month, v.Day)
			}
		case "FeatureType":
			var v struct {
				ID   string `xml:"ID,attr"`
				Name string `xml:",chardata"`
			}
			if err = d.DecodeElement(&v, &e); err == nil && assetOfType(v.Name) != "" {
				types[v.ID] = assetOfType(v.Name)
			}
		case "sdnEntry":
			var v sdnEntry
			if err = d.DecodeElement(&v, &e); err == nil {
				for _, id := range v.IDs {
					if asset := assetOfType(id.Type); asset != "" {
						out = append(out, sanctioned{line: line, address: strings.TrimSpace(id.Number), asset: asset, name: strings.TrimSpace(v.First + " " + v.Last)})
					}
				}
			}
		case "DistinctParty":
			var v party
			if err = d.DecodeElement(&v, &e); err == nil {
				out = append(out, v.rows(line, types)...)
			}
		}
		if err != nil {
			r.fail(line, "%s: %v", e.Name.Local, err)
			return nil, ""
		}
	}
	if !known && len(r.errs) == 0 {
		r.fail(1, "XML, but neither of the forms of OFAC's lists")
	}
	return out, day
}

func (p *party) rows(line int, types map[string]string) (out []sanctioned) {
	for _, prof := range p.Profiles {
		for _, f := range prof.Features {
			if types[f.Type] == "" {
				continue
			}
			for _, v := range f.Versions {
				for _, s := range v.Details {
					if s = strings.TrimSpace(s); s != "" {
						out = append(out, sanctioned{line: line, address: s, asset: types[f.Type], name: p.name()})
					}
				}
			}
		}
	}
	return out
}
