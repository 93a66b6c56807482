package secrets

import "strings"

// isPlain reports whether nothing in text is anything else in a URL's path or a header.
func isPlain(text string) bool {
	return text != "" && len(text) <= 16<<10 && !strings.ContainsFunc(text, func(c rune) bool {
		return !isAlphanumeric(c) && !strings.ContainsRune("/+=_.:~@!-", c)
	})
}

// isWord reports whether text has only ASCII letters, digits and the others.
func isWord(text, others string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return !isAlphanumeric(c) && !strings.ContainsRune(others, c)
	})
}

// isHost reports whether text is a host's name, or a label of one.
func isHost(text string) bool {
	return len(text) <= 253 && isWord(text, ".-") && !strings.Contains(text, "..") && isAlphanumeric(rune(text[0])) && isAlphanumeric(rune(text[len(text)-1]))
}

func isAlphanumeric(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// firstNonEmpty is the first text that says something.
func firstNonEmpty(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
