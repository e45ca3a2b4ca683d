// Command k6 is the stock load-testing tool, built from its pinned module for
// machines that do not have it.
package main

import "go.k6.io/k6/v2/cmd"

func main() {
	cmd.Execute()
}
