module health-peers

go 1.19

require github.com/alexliesenfeld/health v0.8.0
