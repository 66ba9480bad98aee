package term

import "testing"

func TestNoCellOfAnExportIsAFormula(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"":                           "",
		"ada@example.com":            "ada@example.com",
		"=1+1":                       "'=1+1",
		"+1":                         "'+1",
		"-1":                         "'-1",
		"@SUM(A1)":                   "'@SUM(A1)",
		"\t=1":                       "'␉=1",
		"\r=1":                       "'␍=1",
		"\n=1":                       "'␊=1",
		"\x00=1":                     "'␀=1",
		"＝1+1":                       "'＝1+1",
		"＋1":                         "'＋1",
		"－1":                         "'－1",
		"＠SUM":                       "'＠SUM",
		"  =1":                       "'  =1",
		"a=1":                        "a=1",
		`=HYPERLINK("https://x";"")`: `'=HYPERLINK("https://x";"")`,
		"\x1b[2Jx":                   "␛[2Jx",
		"\u200b=1":                   `\u{200B}=1`,
		"=\xff":                      `'=\xFF`,
	} {
		if got := Cell(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}
