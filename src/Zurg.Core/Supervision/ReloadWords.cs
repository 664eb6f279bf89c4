using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>What people are told of a signal that takes long to take effect.</summary>
public static class ReloadWords
{
    /// <summary>Processes that are named; of more only how many.</summary>
    public const int NamedMax = 3;

    /// <param name="since">How long ago the signal was sent.</param>
    /// <param name="describe">A process for people, by its pid.</param>
    public static string Of(ReloadVerdict verdict, string signal, TimeSpan since, Func<int, string> describe) =>
        $"SIG{signal} told it of changed files {Phrases.Of(since)} ago: " + verdict.Stage switch
        {
            ReloadStage.Pending => "it has not taken the signal yet",
            ReloadStage.Replacing => $"{Names(verdict.Pids, describe)} of before still {Verb(verdict, "runs", "run")}",
            ReloadStage.Finishing =>
                $"{Names(verdict.Pids, describe)} of before {Verb(verdict, "finishes", "finish")} what is under way",
            ReloadStage.Settling => "it has a moment to read them",
            ReloadStage.Done => "it goes by them",
        };

    /// <summary>Null where waiting is right.</summary>
    public static string? MendOf(ReloadStage stage, string instance) => stage switch
    {
        ReloadStage.Replacing => $"did it refuse its new file? zurg logs {instance}; a program that keeps these processes and "
            + "reads its files in place needs done:, for example then: { reload: HUP, done: [\"true\"] }",
        ReloadStage.Pending => $"it keeps the signal back, or hangs: zurg logs {instance}",
        ReloadStage.Finishing or ReloadStage.Settling or ReloadStage.Done => null,
    };

    public static string NotDone(string signal, TimeSpan since, ImmutableArray<string> command, string problem) =>
        $"SIG{signal} told it of changed files {Phrases.Of(since)} ago, and done: ({string.Join(' ', command)}) {problem}";

    public static string NotHandled(string signal, bool ignored) => ignored
        ? $"its files changed, and it ignores SIG{signal}, which is to tell it"
        : $"its files changed, and SIG{signal}, which is to tell it, would end it: it has no handler for it. "
            + "The signal is sent once it has one";

    private static string Verb(ReloadVerdict verdict, string one, string many) => verdict.Pids.Length == 1 ? one : many;

    private static string Names(ImmutableArray<int> pids, Func<int, string> describe) => pids.Length <= NamedMax
        ? string.Join(", ", pids.Select(describe))
        : $"{string.Join(", ", pids.Take(NamedMax).Select(describe))} and {pids.Length - NamedMax} more";
}
