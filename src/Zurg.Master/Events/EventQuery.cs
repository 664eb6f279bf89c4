using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Master.Events;

/// <summary>Which events are asked for.</summary>
internal sealed record EventQuery
{
    /// <summary>
    /// Those with a greater id, the oldest first: in the order in which this master heard of them, for who reads on. Null: the
    /// newest ones, in the order in which they happened.
    /// </summary>
    public long? Since { get; init; }

    /// <summary>Those that happened then or later.</summary>
    public DateTimeOffset? From { get; init; }

    public ServiceName? Service { get; init; }

    public InstanceId? Instance { get; init; }

    public HostId? Host { get; init; }

    /// <summary>Empty: of every kind.</summary>
    public ImmutableArray<EventKind> Kinds { get; init; } = [];

    /// <summary>1 to <see cref="LimitMax"/>.</summary>
    public int Limit { get; init; } = LimitUsual;

    public const int LimitUsual = 100;

    public const int LimitMax = 1000;
}

/// <summary>What of the log stays: the oldest go first, as soon as one of the three limits is passed.</summary>
/// <param name="AgeMax">Since this master heard of it: a host's wrong clock makes nothing old.</param>
/// <param name="BytesMax">Of what is in use of the file, with its indexes. The file itself stays as large as it ever was.</param>
internal sealed record EventRetention(int EventsMax, TimeSpan AgeMax, long BytesMax)
{
    /// <summary>A year and a month, as long as a million events and 1 GiB last.</summary>
    public static EventRetention Usual { get; } = new(1_000_000, TimeSpan.FromDays(400), 1L << 30);
}
