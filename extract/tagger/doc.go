// Package tagger finds the names of drugs and the quantities in sentences with a
// model learnt from annotated text.
package tagger
