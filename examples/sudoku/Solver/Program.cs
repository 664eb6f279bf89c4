using System.Globalization;
using Sudoku;
using Sudoku.Solver;
using Sudoku.Solver.Api;
using Zurg.Sdk.AspNetCore;

var portText = Environment.GetEnvironmentVariable("PORT_HTTP");
if (!ushort.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
{
    await Console.Error.WriteLineAsync("sudoku-solver: set PORT_HTTP to the port to listen on, for example PORT_HTTP=8081");
    return 2;
}

const string warmUp = "653..7.....9.4.........38955..6..18..7849.2.33...789.48.....63.436.5...1....2.54.";
var instance = Instance.FromEnvironment();
var solver = Release.CreateSolver();

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
builder.Logging.SetMinimumLevel(LogLevel.Warning);

// All that Zurg asks of a server: with it, the agent knows how many searches are under way and waits for them before it stops us.
// Started by hand, it does nothing.
builder.Services.AddZurg();
builder.Services.AddSingleton(instance);
builder.Services.AddSingleton(solver);
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, SolverJson.Default));
builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = problem =>
{
    problem.ProblemDetails.Extensions["solver"] = instance.Id;
    problem.ProblemDetails.Extensions["release"] = instance.Release;
});

var app = builder.Build();
app.Use((context, next) =>
{
    // Set when the answer starts: the exception handler clears what was set before it.
    context.Response.OnStarting(() =>
    {
        context.Response.Headers["X-Zurg-Instance"] = instance.Id;
        return Task.CompletedTask;
    });
    return next(context);
});
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapZurgHealth();
SolvePuzzle.Map(app);

// The first search compiles the code that later ones run. Nothing listens before it is done, so healthz means ready.
solver.Solve(Grid.Parse(warmUp), solutionsMax: 2, CancellationToken.None);
await app.StartAsync();
await Console.Out.WriteLineAsync($"sudoku-solver {instance.Release}, {instance.Id}: ready on http://127.0.0.1:{port}");
await app.WaitForShutdownAsync();
return 0;
