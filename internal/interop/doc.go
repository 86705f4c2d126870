// Package interop holds tests alone: imgtool and the programs that its users have exchange images, and what an image is
// (its name, its config's digest, its layers, its manifest's digest) must be the same on both sides.
//
// The tests need those programs and are skipped without them; scripts/interop/run.sh, which is make interop, brings them.
// What a peer cannot do is listed with its reason in limits_test.go, and each such case checks that it still cannot.
package interop
