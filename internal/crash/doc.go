// Package crash cuts things off: the database server, one of its processes, a `tidemark serve` that drains, a rebuild, a migration, a
// writer, or the power, at random points while writers write. After every cut guarantee G2 must hold at once, and G3 after a drain
// (SPEC G8); nothing that a writer was told is committed may be gone.
package crash
