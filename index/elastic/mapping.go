package elastic

import "tamga/index"

// sourceField holds the document for return; it is not indexed.
const sourceField = "doc"

// settings are those of a generation. Put refreshes, so nothing else has to.
func settings() map[string]any {
	return map[string]any{
		"number_of_shards":     1, // more would make facets approximate
		"auto_expand_replicas": "0-1",
		"refresh_interval":     "-1",
		"max_result_window":    index.MaxSize,
	}
}

// mapping is made from the columns. Tokens are split at spaces and nothing else.
func mapping() map[string]any {
	properties := map[string]any{
		sourceField: map[string]any{"type": "object", "enabled": false},
	}
	for _, c := range index.Columns() {
		p := map[string]any{}
		switch c.Type {
		case index.Tokens:
			p["type"], p["analyzer"] = "text", "whitespace"
		case index.Keyword:
			p["type"], p["doc_values"] = "keyword", c.Values
		case index.Number:
			p["type"], p["doc_values"] = "double", c.Values
		case index.Date:
			p["type"], p["format"], p["doc_values"] = "date", "epoch_millis", c.Values
		}
		properties[c.Name] = p
	}
	return map[string]any{
		"dynamic":    "strict",
		"_meta":      map[string]any{"schema": index.SchemaVersion()},
		"_source":    map[string]any{"includes": []string{sourceField}},
		"properties": properties,
	}
}
