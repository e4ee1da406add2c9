// Package index is what can be asked: documents, one query model, and the Store
// that answers it. Two engines implement Store, index/bleve in process and
// index/elastic on a cluster, and they answer alike: the same set, the same
// order under an explicit sort, the same totals, facets and days. The suite
// index/indextest holds both to a naive oracle.
//
// Invariants:
//
//   - The index is disposable. It holds nothing that a reindex of the evidence
//     log cannot make again, and its checkpoint is never ahead of its documents.
//   - No engine analyses text. Text is folded, split and stemmed here, in Go,
//     for documents and queries alike; an engine sees finished tokens, keywords
//     and numbers ([Columns]). See docs/adr/0002-analysis-in-go.md.
//   - No engine sees a query that was not checked. [Compile] turns a Query into
//     a Plan over the columns, or says what is wrong with it.
//   - A document's fields come back as they were put: a price as the same
//     decimal string, never a float.
//   - Only the order by relevance, which is the order when no sort is given,
//     differs between engines; scores are never shown.
package index
