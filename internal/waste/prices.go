package waste

import (
	"fmt"
	"io/fs"
	"slices"

	"ward.dev/ward/internal/dated"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Prices are dated price tables, one for each provider.
type Prices struct {
	tables map[string]*table
}

// table is catalog/prices/PROVIDER.yaml. Its source says also for which region the amounts hold.
type table struct {
	dated.Head `yaml:",inline"`
	Currency   string           `yaml:"currency"`
	Prices     map[string]price `yaml:"prices"`
}

// price is what one resource costs in a month.
type price struct {
	// Free costs nothing, and is told all the same.
	Free bool `yaml:"free"`
	// Month is a fixed amount; Hour one for each hour, of which a month has 730.
	Month float64 `yaml:"month"`
	Hour  float64 `yaml:"hour"`
	// Each is the amount for one of what Times counts: an attribute of the resource, such as its size in GiB.
	Each  float64 `yaml:"each"`
	Times string  `yaml:"times"`
	// By names an attribute whose text chooses the amount in Amounts, in place of Each.
	By      string             `yaml:"by"`
	Amounts map[string]float64 `yaml:"amounts"`
}

const hoursOfMonth = 730

// LoadPrices reads the folder prices of each layer of the catalog.
func LoadPrices(layers ...fs.FS) (*Prices, error) {
	tables, err := dated.Load[table]("prices", layers)
	return &Prices{tables: tables}, err
}

// Faults implements dated.Table.
func (t *table) Faults() []string {
	var faults []string
	if t.Currency == "" {
		faults = append(faults, "currency is wanted")
	}
	for name, p := range t.Prices {
		if (p.By == "") != (len(p.Amounts) == 0) {
			faults = append(faults, fmt.Sprintf("price %s: by and amounts belong together", name))
		}
		if !p.Free && p.Month == 0 && p.Hour == 0 && p.Each == 0 && len(p.Amounts) == 0 {
			faults = append(faults, fmt.Sprintf("price %s: month, hour, each, amounts or free is wanted", name))
		}
	}
	return faults
}

// of returns what a resource costs in a month, or why that is not known.
func (p *Prices) of(name string, r *resource.Resource) (monthly float64, currency, why string) {
	t := p.tables[r.Kind.Provider()]
	if t == nil {
		return 0, "", "there is no price table of " + r.Kind.Provider()
	}
	price, ok := t.Prices[name]
	if !ok {
		return 0, t.Currency, "the price table says nothing of " + name
	}
	each := price.Each
	if price.By != "" {
		chosen, ok := r.Get(price.By).AsString()
		if !ok {
			return 0, t.Currency, price.By + " is not known"
		}
		if each, ok = price.Amounts[chosen]; !ok {
			return 0, t.Currency, fmt.Sprintf("the price table says nothing of %s %q", price.By, chosen)
		}
	}
	monthly = price.Month + price.Hour*hoursOfMonth
	if price.Times == "" {
		return monthly + each, t.Currency, ""
	}
	n, ok := number(r.Get(price.Times))
	if !ok {
		return 0, t.Currency, price.Times + " is not known"
	}
	return monthly + each*n, t.Currency, ""
}

func number(v value.Value) (float64, bool) {
	switch n := v.Data().(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// Dated says of each table where its amounts are from and of which day.
func (p *Prices) Dated() []string {
	var all []string
	for _, t := range p.tables {
		all = append(all, fmt.Sprintf("%s, %s", t.Source, t.AsOf))
	}
	slices.Sort(all)
	return all
}
