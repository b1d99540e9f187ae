// The annotations of our own that change what an object does.

/**
 * On a ServiceEntry with resolution NONE, and on a DestinationRule with load balancer PASSTHROUGH: `trust` follows the
 * address the caller connected to, as Istio does.
 */
export const originalDestinationAnnotation = 'egress.sallyport.dev/original-destination';

/** On the Istio object: comma-separated CIDRs that names may resolve to although they are private. */
export const allowedRangesAnnotation = 'egress.sallyport.dev/allowed-ranges';

/** On the Istio object: `true` lets pods say which ranges of addresses go around their proxies, as in Istio. */
export const allowBypassAnnotation = 'egress.sallyport.dev/allow-bypass';

/** On a Pod with the host's network: an IPv4 address that it alone has, on this machine, as long as it is there. */
export const hostAddressAnnotation = 'egress.sallyport.dev/host-address';

/** On a VirtualService: `gateways-alone` asks no labels and namespace where an HTTP match names gateways, as Istio does. */
export const sourceMatchAnnotation = 'egress.sallyport.dev/source-match';

/** On a VirtualService: `keep` leaves the Host as it was asked for, as Istio does, where an external host takes it. */
export const authorityAnnotation = 'egress.sallyport.dev/authority';

/** On an AuthorizationPolicy: `outbound` binds it to what the chosen workloads send, instead of what they are sent. */
export const boundToAnnotation = 'egress.sallyport.dev/bound-to';

/** On a ServiceEntry: the time, RFC 3339, from which it lets nobody out any more; it is then taken away. */
export const expiresAnnotation = 'egress.sallyport.dev/expires';

/** On a Namespace: comma-separated hosts, `*` for any, that its objects may claim for clients of other namespaces. */
export const claimsAnnotation = 'egress.sallyport.dev/claims';

/** On the Istio object: `istio` lets objects of one namespace decide about hosts of another, as Istio does. */
export const crossNamespaceAnnotation = 'egress.sallyport.dev/cross-namespace';
