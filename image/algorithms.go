package image

import (
	_ "crypto/sha256" // go-digest knows an algorithm only when the package that implements it is linked
	_ "crypto/sha512" // as above, and sha384
)
