using System.Text.Json;
using Zurg.Core;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Supervision;

public sealed class JournalJsonTests
{
    [Fact]
    public void A_record_comes_back_from_the_journal_as_it_went_in()
    {
        var agent = new AgentDriver();
        agent.RunWeb();
        agent.Exit(AgentWords.Code(1));
        var text = JsonSerializer.Serialize(agent.Web, JournalJson.Default.InstanceState);
        var again = JsonSerializer.Deserialize(text, JournalJson.Default.InstanceState)!;
        Assert.Equal(text, JsonSerializer.Serialize(again, JournalJson.Default.InstanceState));
        Assert.Contains("\"last_exit\"", text, StringComparison.Ordinal);
        Assert.Contains("\"heard\"", JsonSerializer.Serialize(agent.Web with { Heard = 5 }, JournalJson.Default.InstanceState),
            StringComparison.Ordinal);
        Assert.DoesNotContain("shown_hold", text, StringComparison.Ordinal);
    }

    /// <summary>One that was told to refuse is still to say that it accepts again: a restarted agent must know that.</summary>
    [Fact]
    public void What_an_instance_was_told_outlives_the_agent()
    {
        var refusing = AgentWords.Assigned(AgentWords.Web) with { Refuse = true, TrafficEpoch = 5 };
        var agent = new AgentDriver();
        agent.RunWeb(refusing);
        agent.Say(new AgentInput.SelfTold(AgentWords.Web, agent.Now0, Refuses: true, Epoch: 5));
        Assert.True(agent.Last.ReportNow);
        agent.Say(AgentWords.Assign(2, refusing with { Refuse = null, TrafficEpoch = 6 }));
        agent.Restart();
        agent.Say(new AgentInput.Found(AgentWords.Web, agent.Now0, AgentWords.Pid(100)));
        Assert.Equal((true, 5, 5), (agent.Web.Told, agent.Web.Heard, AgentReport.StatusOf(agent.Web).TrafficEpoch));
        agent.Say(new AgentInput.SelfTold(AgentWords.Web, agent.Now0, Refuses: false, Epoch: 6));
        Assert.Equal(6, AgentReport.StatusOf(agent.Web).TrafficEpoch);
        Assert.True(agent.Last.ReportNow);
    }

    [Fact]
    public void A_record_of_an_earlier_build_was_told_nothing()
    {
        var agent = new AgentDriver();
        agent.RunWeb();
        var record = System.Text.Json.Nodes.JsonNode.Parse(
            JsonSerializer.Serialize(agent.Web, JournalJson.Default.InstanceState))!.AsObject();
        Assert.True(record.Remove("told"));
        Assert.True(record.Remove("refuses_on"));
        var old = JsonSerializer.Deserialize(record.ToJsonString(), JournalJson.Default.InstanceState)!;
        Assert.Equal((false, false, null), (old.Told, old.RefusesOn, old.Heard));
    }
}
