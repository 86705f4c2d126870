// Package faulttest holds imgtool, the binary as it is shipped, against faults: it is killed at its system calls, its
// system calls fail, its disk is full, it is interrupted, run beside itself, and given streams that nobody reads.
//
// The package has tests only. They look at a store with eyes of their own (audit_test.go), so that imgtool is not its own
// witness. By default they sample; IMGTOOL_FAULTS=full tries what there is.
package faulttest
