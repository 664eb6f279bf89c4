using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What the speaker can be told.</summary>
public abstract record SpeakerInput
{
    private SpeakerInput()
    {
    }

    public sealed record ClusterChanged(ClusterState Cluster, NamingState Naming) : SpeakerInput;

    public sealed record Connected(HostId Host, HostDescription Description) : SpeakerInput;

    public sealed record Reported(HostId Host, HostReport Report) : SpeakerInput;

    /// <summary>A reading of the host's own numbers.</summary>
    public sealed record Measured(HostId Host, HostMeasures Measures) : SpeakerInput;

    /// <summary>What the host's consumers follow now: the whole list.</summary>
    public sealed record Subscribed(HostId Host, NamingSubscription Subscription) : SpeakerInput;

    /// <summary>What the host's consumers use now: the whole list.</summary>
    public sealed record Confirmed(HostId Host, NamingConfirmation Confirmation) : SpeakerInput;

    public sealed record Disconnected(HostId Host) : SpeakerInput;

    /// <summary>At the end of each round, and so once a second at least.</summary>
    public sealed record Tick : SpeakerInput;
}
