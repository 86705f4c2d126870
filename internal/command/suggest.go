package command

// nearest returns the candidate that is most like a word with a slip in it, the first of several, or "".
func nearest(word string, candidates []string) string {
	best, least := "", min(2, (len(word)+1)/2)+1
	for _, c := range candidates {
		if d := distance(word, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to make a into b.
func distance(a, b string) int {
	if len(a) > 100 || len(b) > 100 {
		return max(len(a), len(b)) // nothing that long is a slip
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			same := 1
			if a[i-1] == b[j-1] {
				same = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+same)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// elsewhere returns, for a word of docker, podman, skopeo or crane that is no verb here, the verb that does it or a
// sentence that says why there is none; "" for any other word.
func elsewhere(word string) string {
	const offline = "imgtool is offline: it speaks to no registry; move archives with load, save and convert"
	return map[string]string{
		"pull": offline, "push": offline, "login": offline, "logout": offline, "search": offline,
		"build": "imgtool does not build images; see import, append and commit", "buildx": "imgtool does not build images; see import, append and commit",
		"create": "use run", "start": "use run", "exec": "use run",
		"image": "verbs stand alone: images, history, inspect, load, save, rmi, tag", "container": "verbs stand alone: run, ps, rm, commit, diff, export",
		"system": "verbs stand alone: df, prune",
		"remove": "rmi", "delete": "rmi", "del": "rmi", "rmimage": "rmi",
		"flatten": "squash", "merge": "squash", "extract": "unpack", "untar": "unpack",
		"validate": "verify", "check": "verify", "fsck": "verify", "gc": "prune", "show": "inspect", "manifest": "inspect", "mutate": "config",
		"info": "df", "du": "df",
	}[word]
}
