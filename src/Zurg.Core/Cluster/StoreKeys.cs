using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>The keys of the store and who writes them (DESIGN.md section 4): one writer per key.</summary>
public static class StoreKeys
{
    /// <summary>API: the <see cref="AppliedSpec"/> with this number. Never rewritten.</summary>
    public static string Spec(SpecNumber number) => SpecPrefix + number.Value.ToString("D10", CultureInfo.InvariantCulture);

    /// <summary>API: a copy of the newest <see cref="AppliedSpec"/>: the guard of every apply.</summary>
    public const string CurrentSpec = "spec/current";

    public const string SpecPrefix = "specs/";

    /// <summary>API: an <see cref="Protocol.InstanceSpec"/> by its digest.</summary>
    public static string InstanceSpec(Digest digest) => InstanceSpecPrefix + digest;

    public const string InstanceSpecPrefix = "instance_specs/";

    /// <summary>API: what people asked of a service besides its spec.</summary>
    public static string Intent(ServiceName service) => IntentPrefix + service;

    public const string IntentPrefix = "intents/";

    /// <summary>API: what people asked of a host.</summary>
    public static string HostIntent(HostId host) => HostIntentPrefix + host;

    public const string HostIntentPrefix = "host_intents/";

    /// <summary>Decider: a <see cref="Protocol.Rollout"/>.</summary>
    public static string Rollout(ServiceName service) => RolloutPrefix + service;

    public const string RolloutPrefix = "rollouts/";

    /// <summary>Decider: <see cref="UnaskedActions"/>.</summary>
    public const string Unasked = "actions/unasked";

    /// <summary>API: a pushed release.</summary>
    public static string Release(ReleaseId release) => $"{ReleasePrefix}{release.Name}/{release.Version}";

    public const string ReleasePrefix = "releases/";

    /// <summary>Decider.</summary>
    public static string Placements(HostId host) => PlacementPrefix + host;

    public const string PlacementPrefix = "placements/";

    /// <summary>The host's speaker.</summary>
    public static string Facts(HostId host) => FactsPrefix + host;

    public const string FactsPrefix = "facts/";

    /// <summary>The speaker, while somebody waits: a <see cref="ServiceConfirmation"/>.</summary>
    public static string Confirmed(ServiceName service) => ConfirmedPrefix + service;

    public const string ConfirmedPrefix = "confirmed/";

    /// <summary>The decider's master: what is told to people, see <see cref="AlertBook"/>.</summary>
    public const string Alerts = "alerts/book";

    /// <summary>Whoever takes the role; written once per epoch, so its revision guards every write of that epoch.</summary>
    public static string Role(string role) => "roles/" + role;
}
