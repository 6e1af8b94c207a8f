package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"ward.dev/ward/internal/value"
)

func vpcs(ctx context.Context, r *region) {
	items := list(ctx, r, ec2Client(r).DescribeVpcs, &ec2.DescribeVpcsInput{MaxResults: thousand}, "Vpcs")
	wholly(r, items, "DescribeVpcs", "vpc", "VpcId")
}

func subnets(ctx context.Context, r *region) {
	items := list(ctx, r, ec2Client(r).DescribeSubnets, &ec2.DescribeSubnetsInput{MaxResults: thousand}, "Subnets")
	wholly(r, items, "DescribeSubnets", "subnet", "SubnetId")
}

func routeTables(ctx context.Context, r *region) {
	input := &ec2.DescribeRouteTablesInput{MaxResults: aws.Int32(100)}
	wholly(r, list(ctx, r, ec2Client(r).DescribeRouteTables, input, "RouteTables"), "DescribeRouteTables", "route-table", "RouteTableId")
}

func networkACLs(ctx context.Context, r *region) {
	input := &ec2.DescribeNetworkAclsInput{MaxResults: thousand}
	wholly(r, list(ctx, r, ec2Client(r).DescribeNetworkAcls, input, "NetworkAcls"), "DescribeNetworkAcls", "network-acl", "NetworkAclId")
}

// gateways are those to the internet and those to VPNs. Gateways to VPNs are listed for a while after they are gone.
func gateways(ctx context.Context, r *region) {
	c := ec2Client(r)
	internet := list(ctx, r, c.DescribeInternetGateways,
		&ec2.DescribeInternetGatewaysInput{MaxResults: thousand}, "InternetGateways")
	wholly(r, internet, "DescribeInternetGateways", "internet-gateway", "InternetGatewayId")
	private := list(ctx, r, c.DescribeVpnGateways,
		&ec2.DescribeVpnGatewaysInput{Filters: filters("state", "pending", "available")}, "VpnGateways")
	wholly(r, private, "DescribeVpnGateways", "vpn-gateway", "VpnGatewayId")
}

func flowLogs(ctx context.Context, r *region) {
	items := list(ctx, r, ec2Client(r).DescribeFlowLogs, &ec2.DescribeFlowLogsInput{MaxResults: thousand}, "FlowLogs")
	wholly(r, items, "DescribeFlowLogs", "vpc-flow-log", "FlowLogId")
}

func vpcEndpoints(ctx context.Context, r *region) {
	items := list(ctx, r, ec2Client(r).DescribeVpcEndpoints, &ec2.DescribeVpcEndpointsInput{MaxResults: thousand}, "VpcEndpoints")
	wholly(r, existing(items, "State"), "DescribeVpcEndpoints", "vpc-endpoint", "VpcEndpointId")
}

func vpnConnections(ctx context.Context, r *region) {
	input := &ec2.DescribeVpnConnectionsInput{Filters: filters("state", "pending", "available")}
	items := list(ctx, r, ec2Client(r).DescribeVpnConnections, input, "VpnConnections")
	wholly(r, items, "DescribeVpnConnections", "vpn-connection", "VpnConnectionId")
}

func transitGateways(ctx context.Context, r *region) {
	input := &ec2.DescribeTransitGatewaysInput{MaxResults: thousand}
	items := list(ctx, r, ec2Client(r).DescribeTransitGateways, input, "TransitGateways")
	for item := range existing(items, "State") {
		if text(item, "OwnerId") != "" && text(item, "OwnerId") != r.account.ID && r.run.rehearsal == nil {
			continue // another account's, which shares it: it is judged there
		}
		r.resource(r.arn("ec2", "transit-gateway/"+text(item, "TransitGatewayId")), "DescribeTransitGateways", item).add()
	}
}

func clientVPNEndpoints(ctx context.Context, r *region) {
	c := ec2Client(r)
	input := &ec2.DescribeClientVpnEndpointsInput{MaxResults: thousand}
	for item := range list(ctx, r, c.DescribeClientVpnEndpoints, input, "ClientVpnEndpoints") {
		if text(item, "Status", "Code") == "deleted" {
			continue
		}
		r.resource(r.arn("ec2", "client-vpn-endpoint/"+text(item, "ClientVpnEndpointId")), "DescribeClientVpnEndpoints", item).add()
	}
}

func elasticAddresses(ctx context.Context, r *region) {
	items := list(ctx, r, ec2Client(r).DescribeAddresses, &ec2.DescribeAddressesInput{}, "Addresses")
	wholly(r, items, "DescribeAddresses", "elastic-ip", "AllocationId")
}

func natGateways(ctx context.Context, r *region) {
	input := &ec2.DescribeNatGatewaysInput{MaxResults: thousand, Filter: filters("state", "pending", "available")}
	wholly(r, list(ctx, r, ec2Client(r).DescribeNatGateways, input, "NatGateways"), "DescribeNatGateways", "natgateway", "NatGatewayId")
}

func networkInterfaces(ctx context.Context, r *region) {
	input := &ec2.DescribeNetworkInterfacesInput{MaxResults: thousand}
	items := list(ctx, r, ec2Client(r).DescribeNetworkInterfaces, input, "NetworkInterfaces")
	wholly(r, items, "DescribeNetworkInterfaces", "network-interface", "NetworkInterfaceId")
}

// existing leaves out what is listed for a while after it is gone.
func existing(items func(func(value.Value) bool), state string) func(func(value.Value) bool) {
	return func(yield func(value.Value) bool) {
		for item := range items {
			switch text(item, state) {
			case "deleted", "Deleted", "deleting", "Deleting", "failed", "Failed", "rejected", "Rejected", "expired", "Expired":
				continue
			}
			if !yield(item) {
				return
			}
		}
	}
}

// askInterfaces asks about network interfaces. Without their names EC2 would tell of all; that it tells of none cannot be.
func askInterfaces(ctx context.Context, b *block, names []string) {
	if len(names) == 0 {
		b.keep("DescribeNetworkInterfaces", value.Unresolved(value.Reason{Why: "its network interfaces are not named"}))
		return
	}
	in := &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: names}
	told := askAll(ctx, b, ec2Client(b.region).DescribeNetworkInterfaces, in, "NetworkInterfaces")
	if items, ok := told.AsList(); ok && len(items) == 0 {
		b.keep("DescribeNetworkInterfaces", value.Unresolved(value.Reason{Why: "EC2 tells nothing of its network interfaces"}))
	}
}
