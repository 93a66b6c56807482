package firewall

import (
	"net/netip"

	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Each word of a rule as nft(8) writes it is a list of the kernel's expressions here.

type words = []expr.Any

func all(parts ...words) words {
	var rule words
	for _, part := range parts {
		rule = append(rule, part...)
	}
	return rule
}

// linkPrefix begins the names of all links of services.
var linkPrefix = []byte("lk")

func links(key expr.MetaKey, op expr.CmpOp) words {
	return words{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: linkPrefix}}
}

func fromLinks() words  { return links(expr.MetaKeyIIFNAME, expr.CmpOpEq) }
func fromOthers() words { return links(expr.MetaKeyIIFNAME, expr.CmpOpNeq) }
func toLinks() words    { return links(expr.MetaKeyOIFNAME, expr.CmpOpEq) }
func toOthers() words   { return links(expr.MetaKeyOIFNAME, expr.CmpOpNeq) }

func fromLink(name string) words { return oneLink(expr.MetaKeyIIFNAME, name) }
func toLink(name string) words   { return oneLink(expr.MetaKeyOIFNAME, name) }

func oneLink(key expr.MetaKey, name string) words {
	// the kernel compares the name with the zeroes that fill it up
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, name)
	return words{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: padded}}
}

const (
	sourceOffset      = 12
	destinationOffset = 16
)

func address(offset uint32, op expr.CmpOp, network netip.Prefix) words {
	rule := words{&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4}}
	if network.Bits() < 32 {
		rule = append(rule, &expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask(network.Bits()), Xor: make([]byte, 4)})
	}
	first := network.Masked().Addr().As4()
	return append(rule, &expr.Cmp{Op: op, Register: 1, Data: first[:]})
}

func mask(bits int) []byte {
	return binaryutil.BigEndian.PutUint32(^uint32(0) << (32 - bits))
}

func sourceIsNot(one netip.Addr) words {
	return address(sourceOffset, expr.CmpOpNeq, netip.PrefixFrom(one, 32))
}

func sourceIn(network netip.Prefix) words {
	return address(sourceOffset, expr.CmpOpEq, network)
}

func destinationIn(network netip.Prefix) words {
	if network.Bits() == 0 {
		return nil
	}
	return address(destinationOffset, expr.CmpOpEq, network)
}

func protocol(name string) words {
	number := byte(unix.IPPROTO_TCP)
	if name == "udp" {
		number = unix.IPPROTO_UDP
	}
	return words{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{number}}}
}

func port(name string, number int) words {
	return append(protocol(name),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(uint16(number))})
}

// connection matches a bit of the connection's state or status.
func connection(key expr.CtKey, bits uint32) words {
	return words{
		&expr.Ct{Key: key, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}

func established() words {
	return connection(expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED)
}

// IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h
const destinationTranslated = 1 << 5

func translated() words { return connection(expr.CtKeySTATUS, destinationTranslated) }

func accept() words { return words{&expr.Verdict{Kind: expr.VerdictAccept}} }
func drop() words   { return words{&expr.Verdict{Kind: expr.VerdictDrop}} }

func goTo(chain string) words { return words{&expr.Verdict{Kind: expr.VerdictGoto, Chain: chain}} }

// ICMP_PKT_FILTERED: "communication administratively prohibited" (RFC 1812, 5.2.7.1)
const packetFiltered = 13

func reject() words {
	return words{&expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: packetFiltered}}
}

func translateTo(address netip.Addr, port int) words {
	bytes := address.As4()
	return words{
		&expr.Immediate{Register: 1, Data: bytes[:]},
		&expr.Immediate{Register: 2, Data: binaryutil.BigEndian.PutUint16(uint16(port))},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2, Specified: true},
	}
}

func masquerade() words { return words{&expr.Masq{}} }
