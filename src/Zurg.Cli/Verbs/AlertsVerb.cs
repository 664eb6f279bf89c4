using Zurg.Cli.Client;
using Zurg.Cli.Rendering;

namespace Zurg.Cli.Verbs;

internal sealed class AlertsVerb : ClientVerb
{
    public const string Summary = "what people are told of: what fires, what is over, who has been told";

    public AlertsVerb() : base("alerts", Summary)
    {
        Add(new TestVerb());
        SetAction(static _ => { });   // the verb alone is a whole command line: it shows
        Examples = ["zurg alerts", "zurg alerts test    # one test alert to every receiver, and what each said"];
    }

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var status = await master.AlertsAsync(call.Stop);
        if (json)
        {
            call.Screen.Json(status);
        }
        else
        {
            call.Screen.Show(AlertView.Of(status, call.Now));
        }

        return ExitCode.Done;
    }

    private sealed class TestVerb : ClientVerb
    {
        public TestVerb() : base("test", "send one test alert to every receiver, and show what each said") =>
            Examples = ["zurg alerts test"];

        protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
        {
            var results = await master.TestAlertsAsync(call.Stop);
            if (results.IsEmpty)
            {
                throw new VerbFailedException(
                    "nobody is told of alerts: the newest spec names no receiver", "add alerts: to cluster.yaml and apply it");
            }

            if (json)
            {
                call.Screen.Json(results);
            }
            else
            {
                call.Screen.Show(AlertView.Of(results));
            }

            return results.All(r => r.Delivered) ? ExitCode.Done : ExitCode.Failed;
        }
    }
}
