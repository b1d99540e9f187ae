// The annotations of our own that change what an object does.

/** On a ServiceEntry with resolution NONE: `trust` follows the address the caller connected to, as Istio does. */
export const originalDestinationAnnotation = 'egress.sallyport.dev/original-destination';

/** On the Istio object: comma-separated CIDRs that names may resolve to although they are private. */
export const allowedRangesAnnotation = 'egress.sallyport.dev/allowed-ranges';
