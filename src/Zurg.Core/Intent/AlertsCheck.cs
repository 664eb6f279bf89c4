using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>alerts: in cluster.yaml.</summary>
internal static class AlertsCheck
{
    private const int ReceiversMax = 20;
    private const int CrashesMax = 100;

    public static void Check(AlertsDraft? draft, ProblemList problems)
    {
        if (draft is null)
        {
            return;
        }

        CheckReceivers("alerts.webhook", draft.Webhook, problems);
        CheckReceivers("alerts.alertmanager", draft.Alertmanager, problems);
        CheckTime("alerts.hold_after", draft.HoldAfter, problems);
        CheckTime("alerts.silent_after", draft.SilentAfter, problems);
        CheckTime("alerts.crash_window", draft.CrashWindow, problems);
        if (draft.Crashes is < 1 or > CrashesMax)
        {
            problems.Add("alerts.crashes", $"{draft.Crashes} is out of range", $"it must be 1 to {CrashesMax}");
        }
    }

    public static AlertsSpec Fill(AlertsDraft? draft) => new()
    {
        Receivers =
        [
            .. (draft?.Webhook ?? []).Select(r => new AlertReceiver(ReceiverKind.Webhook, r.Url!, r.TokenFile)),
            .. (draft?.Alertmanager ?? []).Select(r => new AlertReceiver(ReceiverKind.Alertmanager, r.Url!, r.TokenFile)),
        ],
        HoldAfter = Measures.CheckedDuration(draft?.HoldAfter ?? "10m"),
        SilentAfter = Measures.CheckedDuration(draft?.SilentAfter ?? "1m"),
        Crashes = draft?.Crashes ?? 5,
        CrashWindow = Measures.CheckedDuration(draft?.CrashWindow ?? "10m"),
    };

    /// <summary>As a diff shows it; of a URL only what is no secret, so that each change of it has another digest.</summary>
    public static IEnumerable<(string Path, string Value)> Lines(AlertsSpec? spec)
    {
        if (spec is null)
        {
            yield break;
        }

        foreach (var receiver in spec.Receivers)
        {
            yield return ($"alerts.{ReceiverNames.IdOf(receiver)}",
                ReceiverNames.Shown(receiver) + (receiver.TokenFile is null ? "" : $", token of {receiver.TokenFile}"));
        }

        var usual = Fill(null);
        (string Name, TimeSpan Value, TimeSpan Usual)[] times =
        [
            ("hold_after", spec.HoldAfter, usual.HoldAfter), ("silent_after", spec.SilentAfter, usual.SilentAfter),
            ("crash_window", spec.CrashWindow, usual.CrashWindow),
        ];
        foreach (var time in times.Where(t => t.Value != t.Usual))
        {
            yield return ($"alerts.{time.Name}", Measures.Show(time.Value));
        }

        if (spec.Crashes != usual.Crashes)
        {
            yield return ("alerts.crashes", spec.Crashes.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void CheckReceivers(string path, ImmutableArray<ReceiverDraft>? drafts, ProblemList problems)
    {
        var receivers = drafts ?? [];
        if (receivers.Length > ReceiversMax)
        {
            problems.Add(path, $"there are {receivers.Length} of them", $"at most {ReceiversMax} are told");
        }

        foreach (var (receiver, index) in receivers.Select((r, i) => (r, i)))
        {
            var at = $"{path}[{index}].url";
            const string example = "write one such as https://hooks.example.org/zurg";
            if (receiver.Url is null)
            {
                problems.Add(at, "it has no url", example);
            }
            else if (!Uri.TryCreate(receiver.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                problems.Add(at, "it is no http or https URL", example);
            }
            else if (url.UserInfo.Length > 0)
            {
                problems.Add(at, "it holds a user name or a password", "leave it out and name a token_file:");
            }
        }
    }

    private static void CheckTime(string path, string? text, ProblemList problems)
    {
        if (text is not null
            && Measures.DurationProblem(text, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30)) is { } problem)
        {
            problems.Add(path, problem.Text, problem.Mend);
        }
    }
}
