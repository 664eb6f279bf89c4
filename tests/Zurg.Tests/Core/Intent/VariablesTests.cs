using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Zurg.Core;

namespace Zurg.Tests.Core.Intent;

public sealed class VariablesTests
{
    private static readonly ImmutableSortedDictionary<string, string> Values = new Dictionary<string, string>
    {
        ["ports.http"] = "20001",
        ["settings.greeting"] = "hello ${host}",
        ["host"] = "h1",
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static readonly VariableNames Known = new(["http"], ["greeting"], ["role"]);

    [Theory]
    [InlineData("", "")]
    [InlineData("plain $5 {x} $", "plain $5 {x} $")]
    [InlineData("--port=${ports.http}", "--port=20001")]
    [InlineData("${host}:${ports.http}", "h1:20001")]
    [InlineData("$${host} ${host}", "${host} h1")]
    [InlineData("$$${host}", "$${host}")]
    [InlineData("say ${settings.greeting}", "say hello ${host}")]
    public void A_text_has_its_variables_replaced_once(string text, string expected) =>
        Assert.Equal(new Replacement.Done(expected), Variables.Replace(text, Values));

    [Theory]
    [InlineData("${nope}", "nope")]
    [InlineData("a ${host", "host")]
    [InlineData("${}", "")]
    public void A_variable_without_a_value_is_named(string text, string missing) =>
        Assert.Equal(new Replacement.Missing(missing), Variables.Replace(text, Values));

    [Theory]
    [InlineData("${ports.htp}", "${ports.htp}: this service has no port 'htp'", "did you mean 'http'?")]
    [InlineData("${ports.a-long-one}", "${ports.a-long-one}: this service has no port 'a-long-one'", "it has http")]
    [InlineData("${settings.greting}", "${settings.greting}: there is no setting 'greting'", "did you mean 'greeting'?")]
    [InlineData("${vars.rol}", "${vars.rol}: this service has no value 'rol' in vars", "did you mean 'role'?")]
    [InlineData("${vars.shard}", "${vars.shard}: this service has no value 'shard' in vars", "it has role")]
    [InlineData("${hosst}", "there is no variable ${hosst}", "did you mean 'host'?")]
    [InlineData("${port.http}", "there is no variable ${port.http}", "did you mean 'ports.http'?")]
    [InlineData("${host", "a '${' has no '}' after it", "close it, or write '$${' for a literal '${'")]
    public void A_wrong_variable_is_told_with_what_would_be_right(string text, string problem, string mend) =>
        Assert.Equal([(problem, mend)], Variables.ProblemsOf(text, Known));

    [Fact]
    public void Every_documented_variable_is_known() =>
        Assert.Empty(Variables.ProblemsOf(string.Concat(Variables.Plain.Select(p => $"${{{p.Name}}}")), Known));

    [Fact]
    public void The_settings_that_texts_need_are_found() =>
        Assert.Equal(["a", "b"], Variables.SettingsIn(["${settings.b}${settings.a}", "$${settings.c}", "${settings.b}"]));

    [Fact]
    public void A_text_without_problems_can_always_be_replaced() =>
        Prop.ForAll(
            Gen.Elements("${", "$${", "}", "$", "host", "ports.http", "settings.greeting", "x").ListOf().ToArbitrary(),
            parts =>
            {
                var text = string.Concat(parts);
                var sound = !Variables.ProblemsOf(text, Known).Any();
                Assert.Equal(sound, Variables.Replace(text, Values) is Replacement.Done);
            }).QuickCheckThrowOnFailure();
}
