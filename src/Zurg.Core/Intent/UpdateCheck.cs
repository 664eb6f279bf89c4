using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>How a change of a service goes out: what is wrong with it as written, and what it becomes.</summary>
internal static class UpdateCheck
{
    private const string Batch = "25%";
    private static readonly TimeSpan Bake = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    public static void Check(string at, ServiceDraft service, ProblemList problems)
    {
        var update = service.Update ?? new UpdateDraft();
        ServiceCheck.CheckRange($"{at}.canary", update.Canary, 0, 10_000, problems);
        ServiceCheck.CheckRange($"{at}.batches", update.Batches, 1, 10_000, problems);
        ServiceCheck.CheckRange($"{at}.max_unavailable", update.MaxUnavailable, 0, 10_000, problems);
        ServiceCheck.CheckRange($"{at}.surge", update.Surge, 0, 10_000, problems);
        ServiceCheck.CheckDuration($"{at}.bake", update.Bake, TimeSpan.Zero, Week, problems);
        ServiceCheck.CheckDuration($"{at}.ready_within", update.ReadyWithin, TimeSpan.FromSeconds(1), Week, problems);
        ServiceCheck.CheckWord($"{at}.promote", "way to promote", update.Promote, SpecWords.AutoOrManual, problems);
        ServiceCheck.CheckWord($"{at}.rollback", "way to roll back", update.Rollback, SpecWords.AutoOrManual, problems);
        CheckBatch(at, update, problems);
        if (update is { MaxUnavailable: 0, Surge: 0 })
        {
            problems.Add($"{at}.surge", "surge and max_unavailable are both 0: no instance could ever be replaced",
                "allow at least one of them, for example surge: 1");
        }
        if (update.BlueGreen is { } sides)
        {
            CheckBlueGreen(at, service, update, problems);
            ServiceCheck.CheckDuration($"{at}.blue_green.keep", sides.Keep, TimeSpan.Zero, Week, problems);
        }
    }

    /// <param name="service">In which <see cref="Check"/> found no problem.</param>
    public static UpdatePolicy Fill(ServiceDraft service)
    {
        var update = service.Update ?? new UpdateDraft();
        var (maxUnavailable, surge) = Budget(update, FixedPort(service) is not null);
        return new UpdatePolicy(
            update.Canary ?? 1, update.Batch ?? Batch, Time(update.Bake, Bake), maxUnavailable, surge,
            update.Rollback == "manual" ? RollbackMode.Manual : RollbackMode.Auto)
        {
            Batches = update.Batches,
            ManualPromotion = update.Promote == "manual" ? true : null,
            ByCell = update.ByCell is true ? true : null,
            ReadyWithin = Time(update.ReadyWithin, UpdatePolicy.ReadyWithinUsual),
            BlueGreen = update.BlueGreen is { } sides
                ? new BlueGreenPolicy(Time(sides.Keep, Keep), sides.Strict is true)
                : null,
        };
    }

    /// <summary>
    /// A spare first, and nothing is away; where a spare could not have the port, one at a time. Never both 0. A surge that a
    /// person wrote is meant: while somebody may be away, no spare would be started.
    /// </summary>
    private static (int MaxUnavailable, int Surge) Budget(UpdateDraft update, bool fixedPort) =>
        (update.MaxUnavailable, update.Surge) switch
        {
            ({ } away, { } spares) => (away, spares),
            ({ } away, null) => (away, away == 0 || !fixedPort ? 1 : 0),
            (null, { } spares) => (spares == 0 ? 1 : 0, spares),
            (null, null) => fixedPort ? (1, 0) : (0, 1),
        };

    private static void CheckBatch(string at, UpdateDraft update, ProblemList problems)
    {
        if (update.Batch is not { } batch)
        {
            return;
        }
        var perCent = batch.EndsWith('%');
        var most = perCent ? 100 : 10_000;
        if (!int.TryParse(perCent ? batch[..^1] : batch, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || size < 1 || size > most)
        {
            problems.Add($"{at}.batch", $"{Words.Quote(batch)} is no size of a batch",
                "write 1 to 10000 instances, or 1% to 100%");
        }
        if (update.Batches is not null)
        {
            problems.Add($"{at}.batches", "batch and batches are written together",
                "keep one: batch is how many at a time, batches is how many times");
        }
    }

    private static void CheckBlueGreen(string at, ServiceDraft service, UpdateDraft update, ProblemList problems)
    {
        (string Key, bool Written)[] steps =
        [
            ("canary", update.Canary is not null), ("batch", update.Batch is not null), ("batches", update.Batches is not null),
            ("by_cell", update.ByCell is true), ("surge", update.Surge is not null),
        ];
        foreach (var (key, _) in steps.Where(s => s.Written))
        {
            problems.Add($"{at}.{key}", $"{key} says nothing with blue_green: the whole new side takes over in one step",
                $"remove {key}, or remove blue_green");
        }
        if (FixedPort(service) is { } port && (service.PerHost is not null || service.Hosts is not null))
        {
            problems.Add($"{at}.blue_green", $"the two sides would share their hosts, and only one can have port {port}",
                "make the port dynamic, or remove blue_green");
        }
    }

    private static string? FixedPort(ServiceDraft service) => (service.Ports ?? ImmutableSortedDictionary<string, string>.Empty)
        .Values.FirstOrDefault(p => p != "dynamic");

    private static TimeSpan Time(string? text, TimeSpan usual) => text is null ? usual : Measures.CheckedDuration(text);
}
