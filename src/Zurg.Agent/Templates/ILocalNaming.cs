using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>What this host knows of who answers for a service: pushed by the master, kept while it is away.</summary>
internal interface ILocalNaming
{
    /// <summary>The newest set; null when nothing was ever heard of the service.</summary>
    EndpointSet? Current(ServiceName service);

    /// <summary>The set as it is now, then newer ones only. Reading it is what makes the host subscribe to the service.</summary>
    IAsyncEnumerable<EndpointSet> WatchAsync(ServiceName service, CancellationToken stop);
}
