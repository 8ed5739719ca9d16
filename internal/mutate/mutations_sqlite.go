package main

// What the SQLite engine must not be without.
var ofSQLite = []mutation{}
