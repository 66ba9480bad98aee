package term

import "strings"

// Cell makes raw fit for a cell of a CSV file: a single line, in which a spreadsheet does not see a formula. What begins like
// one gets an apostrophe, which the spreadsheet does not show (OWASP ASVS 1.2.10, and the full-width forms that some fold).
func Cell(raw string) string {
	safe := Line(raw).text
	if formula(raw) || formula(safe) {
		return "'" + safe
	}
	return safe
}

func formula(s string) bool {
	return s != "" && strings.ContainsAny(s[:1], "=+-@\t\r\n\x00") ||
		strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠") ||
		strings.HasPrefix(s, " ") && formula(strings.TrimLeft(s, " "))
}
