// Package imagetest is for tests: builders of small images, and the suites that every source and sink of images passes.
// Whatever is wrong fails the test at once.
package imagetest
