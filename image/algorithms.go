package image

// go-digest knows an algorithm only when the package that implements it is linked.
import (
	_ "crypto/sha256"
	_ "crypto/sha512" // sha384 too
)
