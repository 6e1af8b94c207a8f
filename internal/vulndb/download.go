package vulndb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Bounds of a download.
const (
	maxDownload     = 4 << 30 // bytes
	downloadTimeout = 30 * time.Minute
)

// isAddress tells an address from a path.
func isAddress(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

// download brings an archive into a temporary file in dir, which the caller closes and removes. The name is that of the address without
// user information and query, which can hold secrets.
func download(ctx context.Context, r *Request, source string) (file *os.File, name string, err error) {
	address, err := url.Parse(source)
	if err != nil {
		return nil, "", errors.New("it is not an address")
	}
	name = (&url.URL{Scheme: address.Scheme, Host: address.Host, Path: address.Path}).String()
	if kindOf(address.Path) == "" {
		return nil, name, errNoArchive
	}
	if err := r.allows(address); err != nil {
		return nil, name, err
	}
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return nil, name, errors.New("it is not an address")
	}
	request.Header.Set("User-Agent", "ward")
	client := http.Client{}
	if r.Client != nil {
		client = *r.Client
	}
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) > 5 {
			return errors.New("more than five redirections")
		}
		return r.allows(next.URL)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, name, withoutAddress(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, name, fmt.Errorf("the server answered %d", response.StatusCode)
	}
	file, err = os.CreateTemp(r.Dir, temporary)
	if err != nil {
		return nil, name, err
	}
	n, err := io.Copy(file, io.LimitReader(response.Body, maxDownload+1))
	if err == nil && n > maxDownload {
		err = fmt.Errorf("it has more than %d GiB", maxDownload>>30)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		os.Remove(file.Name())
		return nil, name, withoutAddress(err)
	}
	return file, name, nil
}

// allows refuses what anyone on the way could change.
func (r *Request) allows(address *url.URL) error {
	if address.Scheme == "https" || address.Scheme == "http" && r.AllowHTTP {
		return nil
	}
	return fmt.Errorf("%s is not https, so that anyone on the way could take advisories out", address.Scheme)
}

// withoutAddress leaves the address out of an error, with what secrets its query holds.
func withoutAddress(err error) error {
	var wrong *url.Error
	if errors.As(err, &wrong) {
		return wrong.Err
	}
	return err
}
