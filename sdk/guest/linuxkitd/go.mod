module pulumi-linuxkit/linuxkitd

go 1.25.0

require (
	// rules of the firewall by netlink: without it nft with its libraries is on the host
	github.com/google/nftables v0.3.0
	// the codec of DHCP messages, and UDP before there is an address
	github.com/insomniacslk/dhcp v0.0.0-20260901064844-234b97448fae
	// messages of netlink, which nftables needs too: links, addresses and routes of internal/rtnetlink
	github.com/mdlayher/netlink v1.7.3-0.20250113171957-fbb4dce95f42
	// a packet socket with a filter, which the library above opens without one
	github.com/mdlayher/packet v1.1.2
	// in tests only, as the judge of internal/rtnetlink: in the program it is 300 KB
	github.com/vishvananda/netlink v1.3.1
	// the instructions of the packet socket's filter
	golang.org/x/net v0.55.0
	// mounts, namespaces and the constants of the kernel
	golang.org/x/sys v0.47.0
)

require (
	github.com/google/go-cmp v0.6.0 // indirect
	github.com/josharian/native v1.1.0 // indirect
	github.com/mdlayher/socket v0.5.0 // indirect
	github.com/pierrec/lz4/v4 v4.1.14 // indirect
	github.com/u-root/uio v0.0.0-20230220225925-ffce2a382923 // indirect
	github.com/vishvananda/netns v0.0.5 // indirect
	golang.org/x/sync v0.6.0 // indirect
)
