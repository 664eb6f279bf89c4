using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Intent;

/// <summary>Drafts for tests: a service that is valid, and the problems of a cluster around a changed one.</summary>
internal static class Drafts
{
    public static readonly ServiceDraft Service = new()
    {
        Release = "1.0",
        Run = "bin/web",
        Ports = Map(("http", "dynamic"), ("admin", "9000")),
    };

    public static ClusterDraft Cluster(ServiceDraft web) => new()
    {
        Cells = ["az1", "az2"],
        Services = ImmutableSortedDictionary<string, ServiceDraft>.Empty.Add("web", web).Add("api", Service),
        Settings = Map(("greeting", "hello")),
    };

    /// <summary>Problems as "path | text | mend".</summary>
    public static IEnumerable<string> ProblemsOf(ServiceDraft web) => ProblemsOf(Cluster(web));

    public static IEnumerable<string> ProblemsOf(ClusterDraft draft) =>
        SpecValidator.Problems(draft).Select(p => $"{p.Path} | {p.Text} | {p.Mend}");

    public static ServiceSpec Filled(ServiceDraft web) => Defaults.Fill(Cluster(web)).Find(new ServiceName("web"))!;

    public static ImmutableSortedDictionary<string, string> Map(params (string Key, string Value)[] entries) =>
        entries.ToImmutableSortedDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);
}
