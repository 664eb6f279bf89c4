using System.Text.Json;
using Zurg.Core;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Supervision;

public sealed class CoreJsonTests
{
    [Fact]
    public void A_record_comes_back_from_the_journal_as_it_went_in()
    {
        var agent = new AgentDriver();
        agent.RunWeb();
        agent.Exit(AgentWords.Code(1));
        var text = JsonSerializer.Serialize(agent.Web, CoreJson.Default.InstanceState);
        var again = JsonSerializer.Deserialize(text, CoreJson.Default.InstanceState)!;
        Assert.Equal(text, JsonSerializer.Serialize(again, CoreJson.Default.InstanceState));
        Assert.Contains("\"last_exit\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("shown_hold", text, StringComparison.Ordinal);
    }
}
