using System.Collections.Immutable;
using Zurg.Agent.Processes;
using Zurg.Agent.Templates;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>
/// What instances' templates are made from: the site, settings and hosts of the newest assignment, what naming knows.
/// </summary>
internal sealed class TemplateSource(AgentSite site, ILocalNaming naming, ConfigHistory history, TimeProvider time)
{
    /// <summary>So long a start waits to hear of a service in depends_on; then it counts as having no endpoints.</summary>
    public static readonly TimeSpan HearMax = TimeSpan.FromSeconds(2);

    private Assignment? _newest;

    /// <summary>Whether it says something else that templates can name: a setting, a host.</summary>
    public bool Take(Assignment assignment)
    {
        var before = Interlocked.Exchange(ref _newest, assignment);
        return before is null || (!ReferenceEquals(before, assignment)
            && !(before.Settings.SequenceEqual(assignment.Settings) && Names(before).SequenceEqual(Names(assignment))));
    }

    /// <summary>Ends when every service that the templates may name was heard of, or when that takes too long.</summary>
    public async Task HearAsync(AssignedInstance assigned, CancellationToken stop)
    {
        if (assigned.Spec.Templates.IsEmpty || assigned.DependsOn.All(s => naming.Current(s) is not null))
        {
            return;
        }

        using var late = new CancellationTokenSource(HearMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await Task.WhenAll(assigned.DependsOn.Select(s => FirstAsync(s, either.Token)));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Not heard of in time.
        }
    }

    /// <summary>For a start: what is not known counts as none.</summary>
    public TemplatesOutcome Write(
        AssignedInstance assigned,
        Incarnation incarnation,
        ImmutableSortedDictionary<PortName, int> ports,
        string releaseDirectory)
    {
        Join(assigned, incarnation);
        var files = FilesOf(assigned, releaseDirectory);
        var outcome = files.Write(DataOf(assigned, ports, s => naming.Current(s) ?? NoneOf(s)));
        if (outcome is TemplatesOutcome.Written)
        {
            files.AreRead();
        }

        return outcome;
    }

    /// <summary>The process of the incarnation goes by files made from this.</summary>
    public void Use(TemplateData data, Incarnation incarnation) =>
        naming.Use(data.Assigned.Instance, incarnation, data.Endpoints.Values);

    /// <summary>Nothing of the incarnation is left.</summary>
    public void Leave(InstanceId instance, Incarnation incarnation) => naming.Leave(instance, incarnation);

    /// <inheritdoc cref="TemplateWatch"/>
    public TemplateWatch Watch(AssignedInstance assigned, string releaseDirectory, ImmutableArray<string> owed) =>
        new(FilesOf(assigned, releaseDirectory), naming, time, owed);

    /// <summary>
    /// For a process that runs: null while a service was not heard of. An agent that was just restarted knows of nobody, and must
    /// not write that into the files of healthy processes (DESIGN.md promise 7).
    /// </summary>
    public TemplateData? DataOf(
        AssignedInstance assigned, Incarnation incarnation, ImmutableSortedDictionary<PortName, int> ports)
    {
        Join(assigned, incarnation);
        return assigned.DependsOn.Any(s => naming.Current(s) is null)
            ? null
            : DataOf(assigned, ports, s => naming.Current(s) ?? NoneOf(s));
    }

    private void Join(AssignedInstance assigned, Incarnation incarnation)
    {
        if (!assigned.Spec.Templates.IsEmpty)
        {
            naming.Join(assigned.Instance, incarnation, assigned.DependsOn);
        }
    }

    private InstanceTemplates FilesOf(AssignedInstance assigned, string releaseDirectory) => new(
        assigned,
        releaseDirectory,
        site.Paths.Instance(assigned.Instance),
        Accounts.Find(RunAs.Of(assigned.Spec)).Credentials?.Account,
        history);

    private TemplateData DataOf(
        AssignedInstance assigned,
        ImmutableSortedDictionary<PortName, int> ports,
        Func<ServiceName, EndpointSet> endpoints) => new()
    {
        Assigned = assigned,
        Host = site.Host,
        Cell = site.Cell,
        Address = site.Address.ToString(),
        Ports = ports,
        Settings = Volatile.Read(ref _newest)?.Settings ?? NoSettings,
        Hosts = Volatile.Read(ref _newest)?.Hosts ?? [],
        Endpoints = assigned.DependsOn.ToImmutableSortedDictionary(s => s, endpoints),
    };

    private async Task FirstAsync(ServiceName service, CancellationToken stop)
    {
        await foreach (var _ in naming.WatchAsync(service, stop))
        {
            return;
        }
    }

    private static readonly ImmutableSortedDictionary<string, string> NoSettings =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    private static IEnumerable<string> Names(Assignment assignment) => assignment.Hosts.Select(h =>
        $"{h.Host} {h.Cell} {h.Address} {string.Join(' ', h.Labels.Select(l => $"{l.Key}={l.Value}"))}");

    private static EndpointSet NoneOf(ServiceName service) => new() { Service = service, Revision = default };
}
