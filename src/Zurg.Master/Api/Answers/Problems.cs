using System.Collections.Immutable;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Metadata;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>The request or its body is wrong.</summary>
internal sealed class Problem400(string detail, string? mend = null, ImmutableArray<Problem> problems = default)
    : ProblemAnswer(400, detail, mend, problems.IsDefault ? [] : problems), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, 400);
}

/// <summary>There is no such thing.</summary>
internal sealed class Problem404(string detail, string? mend = null)
    : ProblemAnswer(404, detail, mend, []), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, 404);
}

/// <summary>It contradicts what is there.</summary>
internal sealed class Problem409(string detail, string? mend = null, ImmutableArray<Problem> problems = default)
    : ProblemAnswer(409, detail, mend, problems.IsDefault ? [] : problems), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, 409);
}

/// <summary>Too many bytes.</summary>
internal sealed class Problem413(string detail, string? mend = null)
    : ProblemAnswer(413, detail, mend, []), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, 413);
}

/// <summary>If-Match is missing.</summary>
internal sealed class Problem428(string detail, string? mend = null)
    : ProblemAnswer(428, detail, mend, []), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, 428);
}

/// <summary>It cannot be asked now.</summary>
internal sealed class Problem503(string detail, string? mend = null)
    : ProblemAnswer(503, detail, mend, []), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, 503);
}

/// <summary>It did not answer in time.</summary>
internal sealed class Problem504(string detail, string? mend = null)
    : ProblemAnswer(504, detail, mend, []), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, 504);
}

/// <summary>The disk is full.</summary>
internal sealed class Problem507(string detail, string? mend = null)
    : ProblemAnswer(507, detail, mend, []), IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder, 507);
}
