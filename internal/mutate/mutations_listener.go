package main

// What the listener must not be without.
var ofListener = []mutation{}
