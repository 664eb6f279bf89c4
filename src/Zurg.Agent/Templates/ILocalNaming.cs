using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>What this host knows of who answers for a service: pushed by the master, kept while it is away.</summary>
internal interface ILocalNaming
{
    /// <summary>The newest set; null when nothing was ever heard of the service.</summary>
    EndpointSet? Current(ServiceName service);

    /// <summary>The set as it is now, then newer ones only. Reading it is what makes the host subscribe to the service.</summary>
    IAsyncEnumerable<EndpointSet> WatchAsync(ServiceName service, CancellationToken stop);

    /// <summary>
    /// To be called before sets are read to make files of an incarnation from them: from then on it may go by what is known now,
    /// and no endpoint in it is stopped on purpose until <see cref="Use"/> says that it does not.
    /// </summary>
    void Join(InstanceId instance, Incarnation incarnation, ImmutableArray<ServiceName> services);

    /// <summary>The process goes by these sets: its files are made from them, and it was told or started since.</summary>
    void Use(InstanceId instance, Incarnation incarnation, IEnumerable<EndpointSet> sets);

    /// <summary>Nothing of this incarnation is left.</summary>
    void Leave(InstanceId instance, Incarnation incarnation);
}
