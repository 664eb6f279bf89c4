using System.Collections.Immutable;

namespace Zurg.Sdk;

/// <summary>A request that no endpoint of a service has answered: what was tried, and why each failed.</summary>
public sealed class ServiceUnavailableException : HttpRequestException
{
    internal ServiceUnavailableException(string service, string why)
        : base($"service '{service}' cannot be reached: {why}") => Service = service;

    internal ServiceUnavailableException(string service, ImmutableArray<ServiceAttempt> attempts, string why,
        HttpRequestException last)
        : base(last.HttpRequestError, $"service '{service}' did not answer: {string.Join("; ", attempts)}. {why}", last)
    {
        Service = service;
        Attempts = attempts;
    }

    public string Service { get; }

    /// <summary>In the order of trying; empty when there was nothing to try.</summary>
    public ImmutableArray<ServiceAttempt> Attempts { get; } = [];
}

/// <param name="Address">IP address and port.</param>
/// <param name="Problem">Why it failed, in words.</param>
public sealed record ServiceAttempt(string Instance, string Address, string Problem)
{
    public override string ToString() => $"{Instance} at {Address}: {Problem}";
}
