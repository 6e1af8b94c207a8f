package history_test

import "ward.dev/ward/internal/history/historytest"

// What most tests make assessments with.
const madeChecks = historytest.Checks

var (
	newGenerator = historytest.New
	citationOf   = historytest.Citation
	set          = historytest.Set
	firstDay     = historytest.FirstDay
)
