// Package access knows the people who use the server: who they are, how they prove it, and what each may do.
//
// It must not know pages, nor what is done with a permission.
package access
