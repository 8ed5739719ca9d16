// Package acceptance holds the read API, over HTTP and on both engines, against what the seeds ask of it and against SPEC G12 and
// G13: what shows when, and what a read costs. Every answer is held against the OpenAPI document, too.
package acceptance
