#!/usr/bin/env bash
# Holds a binary against real archives with independent ground truth. The checker and the archives are not part of this
# repository: IMGTOOL_ACCEPT names the one, IMGTOOL_FIXTURES the directory of the others.
#
# Usage: accept.sh IMGTOOL [FLAG…]
set -euo pipefail
if [ -z "${IMGTOOL_ACCEPT:-}" ] || [ -z "${IMGTOOL_FIXTURES:-}" ]; then
	echo "accept: skipped: IMGTOOL_ACCEPT and IMGTOOL_FIXTURES are not set"
	exit 0
fi
exec python3 "$IMGTOOL_ACCEPT" --bin "$1" --fixtures "$IMGTOOL_FIXTURES" --jobs 2 --list-failures \
	--check "${IMGTOOL_CHECKS:-load,pipe,save,convert,names,digest,history,verify,refuse}" "${@:2}"
