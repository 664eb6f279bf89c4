using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>What a person wrote in cluster.yaml: nothing checked, nothing filled in; null is what was not written.</summary>
[Doc("Everything that a Zurg cluster runs.")]
public sealed record ClusterDraft
{
    [Doc("The cluster's name: a DNS label.", Example = "demo", Default = "default", Form = DraftForm.Name)]
    public string? Cluster { get; init; }

    [Doc("Failure domains (zones) that hosts may belong to. Instances are spread over them.", Example = "[az1, az2, az3]",
        Default = "any")]
    public ImmutableArray<string>? Cells { get; init; }

    [Doc("What runs, by name. A name is a DNS label: a-z, 0-9 and '-'. May be empty.",
        Example = "{ web: { release: 1.0.0, run: bin/web } }")]
    public ImmutableSortedDictionary<string, ServiceDraft>? Services { get; init; }

    [Doc("Values for ${settings.NAME} in args, env, working_directory and exec probes, and {{settings.NAME}} in templates. "
        + "A change restarts only the services that name the setting.", Example = "{ greeting: hello }")]
    public ImmutableSortedDictionary<string, string>? Settings { get; init; }

    [Doc("What every host is to keep free: one with less gets no new instance, and what runs there is left alone. "
        + "It has room again once a fifth more than this is free.")]
    public ReserveDraft? Reserve { get; init; }

    [Doc("Public keys by name, ECDSA P-256, as PEM or base64: `zurg release keygen` makes one. With a key here a release runs "
        + "only when it was signed by one of them (`zurg release sign`): others are refused when they are applied, and by "
        + "every host.",
        Example = "{ ci: MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5A7xLt5it2VMqubEn5dm/U+xBfDAu++zdEbpe0ngkzGKvcD+7rm7wu2nLPQnZknFm6J+"
            + "ZeQ8pqnGYtcBSWMrrA== }", Default = "releases need no signature")]
    public ImmutableSortedDictionary<string, string>? Keys { get; init; }

    [Doc("When people are told of trouble, and where.")]
    public AlertsDraft? Alerts { get; init; }

    [Doc("Which requests from outside reach which service.", Example = "[{ path: /, service: web }]")]
    public ImmutableArray<RouteDraft>? Routes { get; init; }
}

[Doc("What a host keeps free. A share of the whole such as 5%, or a size such as 10GiB.")]
public sealed record ReserveDraft
{
    [Doc("Of each file system that the agent keeps something on; a share counts for its inodes too.", Example = "10GiB",
        Default = "5%, at most 2GiB", Form = DraftForm.FreeLimit)]
    public string? Disk { get; init; }

    [Doc("Of the host's memory: what new work could have without swapping.", Example = "10%", Default = "5%, at most 512MiB",
        Form = DraftForm.FreeLimit)]
    public string? Memory { get; init; }
}

[Doc("When people are told of trouble, and where. Without it nobody is told, and zurg alerts shows all the same.")]
public sealed record AlertsDraft
{
    [Doc("Each change of an alert is posted here once, as JSON, in order; again and again until it is taken.",
        Example = "[{ url: \"https://hooks.example.org/zurg\" }]")]
    public ImmutableArray<ReceiverDraft>? Webhook { get; init; }

    [Doc("Alertmanagers: /api/v2/alerts is added to the URL. All that fires is repeated each minute.",
        Example = "[{ url: \"http://127.0.0.1:9093\" }]")]
    public ImmutableArray<ReceiverDraft>? Alertmanager { get; init; }

    [Doc("A hold that lasts so long is told.", Example = "30m", Default = "10m", Form = DraftForm.Duration)]
    public string? HoldAfter { get; init; }

    [Doc("A host that is silent for so long is told.", Example = "5m", Default = "1m", Form = DraftForm.Duration)]
    public string? SilentAfter { get; init; }

    [Doc("So many ends that nobody asked for, within crash_window, are a crash loop.", Example = "3", Default = "5")]
    public int? Crashes { get; init; }

    [Doc("See crashes.", Example = "1h", Default = "10m", Form = DraftForm.Duration)]
    public string? CrashWindow { get; init; }
}

[Doc("Who is told.")]
public sealed record ReceiverDraft
{
    [Doc("http or https, without user and password. Only its scheme, host and port are ever shown.",
        Example = "\"https://hooks.example.org/zurg\"", Required = true)]
    public string? Url { get; init; }

    [Doc("A file on the master whose text is sent as a bearer token. Read anew each time.", Example = "/etc/zurg/hook.token",
        Default = "no token")]
    public string? TokenFile { get; init; }
}

[Doc("One rule of the gateway.")]
public sealed record RouteDraft
{
    [Doc("The host name that the request must be for.", Example = "www.example.org", Default = "any")]
    public string? Host { get; init; }

    [Doc("A path prefix that begins with '/'. The longest that matches wins.", Example = "/", Required = true)]
    public string? Path { get; init; }

    [Doc("A service of this file that has a port.", Example = "web", Form = DraftForm.Name, Required = true)]
    public string? Service { get; init; }
}
