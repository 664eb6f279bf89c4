namespace Zurg.Sdk;

/// <summary>How a handler made by <see cref="ZurgClient.CreateHandler"/> finds its way.</summary>
public sealed record ZurgHandlerOptions
{
    /// <summary>
    /// The name of the port to use: http://web:metrics/ is no valid URL. When null: the one named http, or the only one there is.
    /// </summary>
    public string? Port { get; init; }

    /// <summary>At most so many endpoints are tried for one request, each once.</summary>
    public int AttemptsMax { get; init; } = 3;

    /// <summary>A connection that takes longer to come about counts as failed; nothing was sent then.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>While a service has no endpoint at all, a request waits so long for one to appear.</summary>
    public TimeSpan WaitForEndpoint { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Hosts that no service can be named, such as localhost, addresses and names with dots, are asked over the network as they
    /// are. When false, such a request is refused.
    /// </summary>
    public bool PassOthersToNetwork { get; init; } = true;
}
