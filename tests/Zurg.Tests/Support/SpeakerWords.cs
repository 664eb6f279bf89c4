using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>What tests of the speaker's brain tell it, and what it knows then.</summary>
internal static class SpeakerWords
{
    public static readonly HostId Host1 = new("host1");
    public static readonly HostId Host2 = new("host2");
    public static readonly ServiceName Web = new("web");

    public static World Running => World.Of("host1@az1", "host2@az2").Apply(Specs.Service("web", 2)).Settle();

    /// <summary>Host1 is connected and has reported; host2 is only known from its facts.</summary>
    public static SpeakerState Reported()
    {
        var state = Step(Hearing(Running), new SpeakerInput.Connected(Host1, Describe())).State;
        return Step(state, new SpeakerInput.Reported(Host1, Report(1))).State;
    }

    public static SpeakerState Hearing(World world) => Step(SpeakerState.Empty, Changed(world)).State;

    public static SpeakerInput Changed(World world) => new SpeakerInput.ClusterChanged(world.State, world.Naming);

    public static SpeakerInput Subscribed(HostId host, params string[] services) =>
        new SpeakerInput.Subscribed(host, new NamingSubscription { Services = [.. services.Select(s => new ServiceName(s))] });

    public static SpeakerInput Confirmed(HostId host, long revision, params LateSubscriber[] late) =>
        new SpeakerInput.Confirmed(host, new NamingConfirmation
        {
            Services = [new ConfirmedRevision(Web, new Revision(revision)) { Late = [.. late] }],
        });

    public static SpeakerCommit Step(SpeakerState state, SpeakerInput input, DateTimeOffset? now = null) =>
        SpeakerMachine.Step(state, input, now ?? World.Noon);

    public static HostDescription Describe() => World.Of("host1@az1").State.Facts[Host1].Description;

    public static HostReport Report(long number) =>
        new() { Number = number, Applied = new Generation(5), Instances = ImmutableArray<InstanceStatus>.Empty };
}
