using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>As whom a process is to run, by the host's names. All null: as the agent itself.</summary>
/// <param name="Groups">Comma-separated, so that two of the same names are equal.</param>
internal sealed record RunAs(string? User, string? Group, string? Groups)
{
    public static RunAs Of(InstanceSpec spec) =>
        new(spec.User, spec.Group, spec.Groups is { } groups ? string.Join(',', groups) : null);
}

/// <summary>The same in numbers.</summary>
/// <param name="Arguments">What setpriv(1) is told; empty when nothing changes.</param>
/// <param name="Account">Of the user, who owns the instance's directory; null for the agent's own.</param>
internal sealed record Credentials(ImmutableArray<string> Arguments, UserAccount? Account, string Home, string Name)
{
    /// <summary>Of the process; empty for the agent's own.</summary>
    public ImmutableArray<uint> Groups { get; init; } = [];
}

/// <summary>What came of looking names up.</summary>
internal sealed record AccountAnswer(Credentials? Credentials, Hold? Hold);

/// <summary>
/// Names to numbers, remembered: a look-up may go to a directory server and take seconds, and a restart must not wait for it.
/// What is remembered counts while passwd and group are untouched, and is looked up again each minute.
/// </summary>
internal static class Accounts
{
    public static readonly TimeSpan RefreshEvery = TimeSpan.FromMinutes(1);

    /// <summary>More than one host's services name.</summary>
    private const int KnownMax = 1_000;

    /// <summary>One start asks several times, and each look is six system calls.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private static readonly string[] Sources = ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf"];

    private static readonly ConcurrentDictionary<RunAs, (AccountAnswer Answer, string Stamps)> Known = new();

    private static Look? _looked;

    /// <summary>Whether <see cref="Find"/> answers without asking anybody.</summary>
    public static bool IsKnown(RunAs who) => Known.TryGetValue(who, out var known) && known.Stamps == Stamps();

    public static AccountAnswer Find(RunAs who)
    {
        var stamps = Stamps();
        if (Known.TryGetValue(who, out var known) && known.Stamps == stamps)
        {
            return known.Answer;
        }

        var answer = LookUp(who);
        if (answer.Hold is null && Known.Count < KnownMax)
        {
            Known[who] = (answer, stamps);
        }

        return answer;
    }

    /// <summary>Looks each remembered one up again, for as long as it runs.</summary>
    public static async Task RefreshAsync(TimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(RefreshEvery, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            foreach (var who in Known.Keys)
            {
                var stamps = Stamps();
                var answer = LookUp(who);
                if (answer.Hold is null)
                {
                    Known[who] = (answer, stamps);
                }
                else
                {
                    Known.TryRemove(who, out _);
                }
            }
        }
    }

    private static AccountAnswer LookUp(RunAs who)
    {
        var name = who.User ?? Environment.UserName;
        if (UserAccount.Find(name) is not { } account)
        {
            return who.User is null && who.Group is null && who.Groups is null
                ? new AccountAnswer(new Credentials([], null, "/", name), null)
                : Held($"the user '{name}' does not exist on this host",
                    $"create it (useradd --system {name}), or correct user:");
        }

        var own = account.User == Libc.EffectiveUser();
        if (who.Group is null && who.Groups is null && own)
        {
            return new AccountAnswer(new Credentials([], null, account.Home, name), null);
        }

        if (Libc.EffectiveUser() != 0)
        {
            return own
                ? Held($"the agent runs as {Environment.UserName} and may not set the groups of a process",
                    "run the agent as root, or leave group: and groups: out")
                : Held($"the agent runs as {Environment.UserName} and may not start a process of the user '{name}'",
                    "run the agent as root, or leave user: out");
        }

        return Numbers(who, account, own);
    }

    private static AccountAnswer Numbers(RunAs who, UserAccount account, bool own)
    {
        var group = account.Group;
        if (who.Group is { } named)
        {
            if (UserAccount.FindGroup(named) is not { } number)
            {
                return NoGroup(named);
            }

            group = number;
        }

        var groups = UserAccount.GroupsOf(account.Name, group).ToList();
        foreach (var extra in who.Groups?.Split(',') ?? [])
        {
            if (UserAccount.FindGroup(extra) is not { } number)
            {
                return NoGroup(extra);
            }

            groups.Add(number);
        }

        ImmutableArray<string> arguments =
        [
            $"--reuid={Text(account.User)}", $"--regid={Text(group)}",
            "--groups=" + string.Join(',', groups.Distinct().Select(Text)),
        ];
        var owner = account with { Group = group };
        return new AccountAnswer(new Credentials(arguments, owner, account.Home, account.Name) { Groups = [.. groups] }, null);
    }

    /// <summary>Time and length of what local names come from: an edit counts within <see cref="LookEvery"/>.</summary>
    private static string Stamps()
    {
        var looked = Volatile.Read(ref _looked);
        if (looked is null || Stopwatch.GetElapsedTime(looked.At) > LookEvery)
        {
            looked = new Look(Stopwatch.GetTimestamp(), string.Join(' ', Sources.Select(StampOf)));
            Volatile.Write(ref _looked, looked);
        }

        return looked.Stamps;
    }

    private static string StampOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists
            ? string.Create(CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks}/{file.Length}")
            : "none";
    }

    private static AccountAnswer NoGroup(string name) =>
        Held($"the group '{name}' does not exist on this host", $"create it (groupadd --system {name}), or correct group:");

    private static AccountAnswer Held(string text, string mend) => new(null, new Hold(HoldReason.SpawnFailed, text, mend));

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Look(long At, string Stamps);
}
