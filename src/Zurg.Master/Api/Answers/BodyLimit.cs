using Microsoft.AspNetCore.Http.Metadata;

namespace Zurg.Master.Api;

/// <summary>How many bytes of a body the server lets an endpoint read, in place of the usual 1 MiB.</summary>
internal sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
