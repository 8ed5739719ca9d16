// Package ingest reads records as people have them: NDJSON, a JSON array, an object whose only member is an array, or CSV
// with a header. It streams: memory is bounded by the largest record, whatever the size of the input (and, where records
// have a key of their own, by one small entry per key). Every wrong input is an *Error that names the line.
//
// What a record's JSON is: for JSON input the octets as received, without the white space around them; for CSV an object
// with the header's names in their order and every value a string, since CSV has no other type.
package ingest
