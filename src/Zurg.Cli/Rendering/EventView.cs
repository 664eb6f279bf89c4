using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Events, one a line.</summary>
internal static class EventView
{
    /// <param name="indented">One JSON array for all; else, with json, one object a line.</param>
    public static void Show(ImmutableArray<EventRecord> events, Screen screen, bool indented, bool json)
    {
        if (indented)
        {
            screen.Json(events);
            return;
        }

        foreach (var happened in events)
        {
            if (json)
            {
                screen.Json(happened, WireJson.Default.EventRecord);
            }
            else
            {
                screen.Line([.. Of(happened)]);
            }
        }
    }

    public static ImmutableArray<Span> Of(EventRecord happened) =>
    [
        new Span(happened.At.ToLocalTime().ToString("MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), Tone.Faint),
        "  ",
        new Span($"{Measures.Word(happened.Kind),-18}", ToneOf(happened.Kind)),
        $"  {SubjectOf(happened)}{happened.Text}",
    ];

    // Most texts name whom they are about; what an exit says does not.
    private static string SubjectOf(EventRecord happened)
    {
        var subject = happened.Instance?.Value ?? happened.Service?.Value ?? happened.Host?.Value ?? "";
        return happened.Text.Contains(subject, StringComparison.Ordinal) ? "" : $"{subject}: ";
    }

    private static Tone ToneOf(EventKind kind) => kind switch
    {
        EventKind.InstanceReady or EventKind.HostConnected or EventKind.HostRecovered => Tone.Good,
        EventKind.InstanceExited or EventKind.InstanceHeld or EventKind.HostSilent or EventKind.HostLost or EventKind.HostLow
            or EventKind.ReleaseQuarantined or EventKind.EventsDropped or EventKind.JournalDamaged => Tone.Bad,
        EventKind.InstanceUnready => Tone.Warn,
        _ => Tone.Plain,
    };
}
